"use strict";
// Checks the questions of a lesson, and records how far the learner is with the learning platform that shows it: SCORM 1.2,
// Run-Time Environment, chapter 3. Without a platform the lesson works all the same, and says that nothing is recorded.
//
// A lesson without questions is completed when its end was on the screen. One with questions is completed when all of them
// were answered, and passed when all were answered right. Questions can be answered again; neither score nor status
// goes down.
(() => {
  const RANKS = { completed: 1, passed: 2 };
  // Characters of `cmi.suspend_data`.
  const MAX_SAVED = 4096;
  const started = Date.now();
  const questions = [...document.querySelectorAll("[data-question]")];
  const progress = document.querySelector("#progress");
  // Of each question that was checked, the positions of what was chosen.
  const answers = new Map();
  let api = null;
  let status = "";
  let score = 0;
  let hasReachedEnd = false;
  let fault = "";

  // Platforms put an object `API` into a window around this one, or around the one that opened theirs.
  const findApi = () => {
    for (const first of [window, window.opener, window.top.opener]) {
      for (let each = first; each; each = each === each.parent ? null : each.parent) {
        const found = getApi(each);
        if (found) return found;
      }
    }
    return null;
  };
  const getApi = (frame) => {
    try {
      return frame.API;
    } catch {
      return null; // a window of another site
    }
  };

  const read = (name) => String(api.LMSGetValue(name));
  const write = (name, value) => {
    if (String(api.LMSSetValue(name, String(value))) !== "true") noteFault();
  };
  // What platforms need not have is not missed: the state that is recorded is the same.
  const writeOptional = (name, value) => api.LMSSetValue(name, String(value));
  const commit = () => {
    if (String(api.LMSCommit("")) !== "true") noteFault();
  };
  const noteFault = () => {
    const code = String(api.LMSGetLastError());
    fault = `The learning platform did not record this lesson: ${api.LMSGetErrorString(code)} (error ${code}).`;
  };

  const connect = () => {
    const found = findApi();
    if (!found) {
      fault = "This lesson is not connected to a learning platform: nothing is recorded.";
      return;
    }
    api = found;
    if (String(api.LMSInitialize("")) !== "true") {
      noteFault();
      api = null;
      return;
    }
    status = read("cmi.core.lesson_status");
    if (["browse", "review"].includes(read("cmi.core.lesson_mode"))) {
      fault = "The learning platform shows this lesson for a look: nothing is recorded.";
      api.LMSFinish("");
      api = null;
      return;
    }
    score = Number(read("cmi.core.score.raw")) || 0;
    restoreAnswers(read("cmi.suspend_data"));
    // Without it platforms forget the answers.
    write("cmi.core.exit", "suspend");
    if (!["incomplete", "completed", "passed", "failed"].includes(status)) setStatus("incomplete");
    if (questions.length) {
      writeOptional("cmi.core.score.min", 0);
      writeOptional("cmi.core.score.max", 100);
    }
    commit();
  };
  const setStatus = (value) => {
    status = value;
    write("cmi.core.lesson_status", value);
  };

  // Answers are kept as `0123456789ab=0.2;...`: the end of the question's key, which no two share, and what was chosen.
  const getName = (question) => question.dataset.question.slice(-12);
  const restoreAnswers = (saved) => {
    for (const [name, chosen] of saved.split(";").map((each) => each.split("="))) {
      const question = questions.find((each) => getName(each) === name);
      if (!question || !chosen) continue;
      answers.set(question, chosen.split(".").map(Number));
      for (const input of question.querySelectorAll("input")) input.checked = answers.get(question).includes(Number(input.value));
      showResult(question);
    }
  };
  const formatAnswers = () => {
    const saved = [...answers].map(([question, chosen]) => `${getName(question)}=${chosen.join(".")};`).join("");
    // What does not fit is cut off, and asked again in the next session.
    return saved.length > MAX_SAVED ? saved.slice(0, MAX_SAVED).replace(/[^;]*$/, "") : saved;
  };

  const isRight = (question) => answers.get(question)?.join(" ") === question.dataset.right;
  const showResult = (question) => {
    question.querySelector(".result").textContent = isRight(question) ? "Right." : "Not right.";
    const explanation = question.querySelector(".explanation");
    if (explanation) explanation.hidden = false;
  };
  const check = (question) => {
    const chosen = [...question.querySelectorAll("input:checked")].map((input) => Number(input.value));
    if (!chosen.length) {
      question.querySelector(".result").textContent = "Choose first.";
      return;
    }
    answers.set(question, chosen);
    showResult(question);
    record();
  };

  const record = () => {
    const right = questions.filter(isRight).length;
    const isComplete = questions.length ? answers.size === questions.length : hasReachedEnd;
    if (api) {
      fault = "";
      if (answers.size) {
        score = Math.max(score, Math.round((100 * right) / questions.length));
        write("cmi.core.score.raw", score);
        writeOptional("cmi.suspend_data", formatAnswers());
      }
      const reached = questions.length && right === questions.length ? "passed" : "completed";
      if (isComplete && RANKS[reached] > (RANKS[status] || 0)) setStatus(reached);
      commit();
    }
    showProgress(right);
  };
  const showProgress = (right) => {
    const counts = questions.length ? `Questions answered: ${answers.size} of ${questions.length}, right: ${right}.` : "";
    const states = { completed: "This lesson is completed.", passed: "This lesson is passed." };
    const todo = questions.length ? "It is completed when all questions are answered." : "It is completed when its end is read.";
    progress.textContent = [counts, fault || states[status] || todo].filter(Boolean).join(" ");
  };

  // HHHH:MM:SS
  const formatTime = (milliseconds) => {
    const seconds = Math.min(Math.floor(milliseconds / 1000), 9999 * 3600);
    return [seconds / 3600, (seconds / 60) % 60, seconds % 60].map((part) => String(Math.floor(part)).padStart(2, "0")).join(":");
  };
  const finish = () => {
    if (!api) return;
    write("cmi.core.session_time", formatTime(Date.now() - started));
    commit();
    api.LMSFinish("");
    api = null;
  };

  connect();
  for (const question of questions) question.querySelector("button").addEventListener("click", () => check(question));
  showProgress(questions.filter(isRight).length);
  if (!questions.length) {
    new IntersectionObserver((entries, observer) => {
      if (!entries.some((each) => each.isIntersecting)) return;
      observer.disconnect();
      hasReachedEnd = true;
      record();
    }).observe(document.querySelector("#end"));
  }
  addEventListener("pagehide", finish);
  // A page that the browser kept is shown again: its session is over, so it begins anew.
  addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });
})();
