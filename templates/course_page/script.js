"use strict";
(() => {
  const status = document.querySelector(".status");
  const say = (text) => { if (status) status.textContent = text; };
  // What is said is in the page, in its language; this file is the same for all.
  const words = status ? status.dataset : {};

  // Evidence is fetched when it is opened. What comes is parsed as a document of its own, in which nothing runs.
  const fetchPassage = async (details) => {
    const link = details.querySelector(":scope > p > a");
    if (!link || details.dataset.passage === "loading") return;
    details.dataset.passage = "loading";
    say(words.loading);
    try {
      const answer = await fetch(link.href + (link.search ? "&" : "?") + "fragment=true", { credentials: "same-origin" });
      if (!answer.ok) throw new Error(String(answer.status));
      const parsed = new DOMParser().parseFromString(await answer.text(), "text/html");
      const passage = document.createElement("div");
      passage.className = "passage";
      passage.append(...parsed.body.childNodes);
      link.parentElement.replaceWith(passage);
      prepareRecordings(passage);
      say(words.open);
    } catch {
      details.dataset.passage = "";
      say(words.failed);
      link.textContent = words.elsewhere;
    }
  };

  const prepareRecordings = (passage) => {
    const player = passage.querySelector("video, audio");
    if (!player) return;
    player.addEventListener("loadedmetadata", () => {
      // Browsers that know no media fragments begin at 0.
      if (player.currentTime < 0.1) player.currentTime = Number(player.dataset.start);
    }, { once: true });
    player.addEventListener("play", () => {
      for (const other of document.querySelectorAll("video, audio")) if (other !== player) other.pause();
    });
    // The line that is said now is marked; those of a passage are few.
    const lines = [...passage.querySelectorAll("[data-until]")];
    player.addEventListener("timeupdate", () => {
      for (const line of lines) {
        const isSaid = player.currentTime >= Number(line.dataset.from) && player.currentTime < Number(line.dataset.until);
        if (isSaid) line.setAttribute("aria-current", "true");
        else line.removeAttribute("aria-current");
      }
    });
    for (const time of passage.querySelectorAll("[data-seek]")) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "time";
      button.textContent = time.textContent;
      button.setAttribute("aria-label", words.play.replace("{time}", time.textContent));
      button.addEventListener("click", () => { player.currentTime = Number(time.dataset.seek); player.play(); });
      time.replaceWith(button);
    }
  };

  document.addEventListener("toggle", (event) => {
    if (event.target.open && event.target.matches("details[data-passage]")) fetchPassage(event.target);
  }, true);

  const page = document.querySelector(".passage");
  if (page) prepareRecordings(page);

  const tree = document.querySelector(".tree");
  if (!tree) return;
  const links = new Map([...tree.querySelectorAll("a")].map((link) => [link.getAttribute("href").slice(1), link]));

  const box = tree.querySelector(".find");
  const input = box.querySelector("input");
  box.hidden = false;
  const folded = new Map([...tree.querySelectorAll("details")].map((each) => [each, each.open]));
  input.addEventListener("input", () => {
    const wanted = input.value.trim().toLocaleLowerCase();
    let found = 0;
    for (const item of [...tree.querySelectorAll("li")].reverse()) {
      const isMatch = item.querySelector("a").textContent.toLocaleLowerCase().includes(wanted);
      item.hidden = !isMatch && !item.querySelector("li:not([hidden])");
      if (isMatch) found += 1;
    }
    for (const [details, open] of folded) details.open = wanted ? true : open;
    say(wanted ? words.found.replace("{count}", found) : "");
  });

  const sections = [...document.querySelectorAll("main > section[id]")];
  let current = null;
  const observer = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      if (current) current.removeAttribute("aria-current");
      current = links.get(entry.target.id) || null;
      if (current) current.setAttribute("aria-current", "location");
    }
  }, { rootMargin: "0px 0px -80% 0px" });
  for (const section of sections) observer.observe(section);

  // A syllabus is printed with the whole tree.
  addEventListener("beforeprint", () => { for (const details of folded.keys()) details.open = true; });
})();
