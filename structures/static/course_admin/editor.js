"use strict";
// The pages work without this file. With it forms and links swap the content in place, so that focus, the place in the
// list and open forms stay; lists get as many items as somebody types; and what was typed is not left by mistake.
(() => {
  const isChanged = (input) => {
    if (input.type === "checkbox") return input.checked !== input.defaultChecked;
    if (input.tagName === "SELECT") return [...input.options].some((each) => each.selected !== each.defaultSelected) && !(input.selectedIndex === 0 && ![...input.options].some((each) => each.defaultSelected));
    return input.value.replaceAll("\r\n", "\n") !== input.defaultValue.replaceAll("\r\n", "\n");
  };
  const findUnsaved = (except) => [...document.querySelectorAll("form[data-guard]")].find(
    (form) => form !== except && (form.dataset.guard === "unsaved" || [...form.querySelectorAll("input:not([type=hidden]), textarea, select")].some(isChanged)));

  const prepare = () => {
    for (const list of document.querySelectorAll("[data-list]")) addButton(list);
  };

  // One more empty item, for lists that grow.
  const addButton = (list) => {
    if (list.querySelector(":scope > button")) return;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Another item";
    button.addEventListener("click", () => {
      const items = list.querySelectorAll(".item");
      const added = items[items.length - 1].cloneNode(true);
      for (const text of added.querySelectorAll("textarea")) { text.value = ""; text.defaultValue = ""; }
      items[items.length - 1].after(added);
      added.querySelector("textarea").focus();
    });
    list.append(button);
  };

  let place = 0;
  let open = [];
  let part = "";
  const findPart = () => document.querySelector("#panel")?.dataset.part;
  // While a change is under way nothing else is sent: it would be meant for the version that the change is about to
  // replace. The end of the request ends that, however it ends.
  let sending = false;
  document.addEventListener("htmx:beforeSend", (event) => {
    if (event.detail.requestConfig.verb === "get") return;
    sending = true;
    event.detail.xhr.addEventListener("loadend", () => { sending = false; });
  });
  document.addEventListener("htmx:confirm", (event) => {
    if (sending) {
      event.preventDefault();
      say("What you sent before is still on its way.");
      return;
    }
    const form = event.detail.elt.closest("form");
    const other = findUnsaved(form);
    if (other && !window.confirm("Something that you typed is not saved. Go on without it?")) event.preventDefault();
  });
  // What could not be sent, or was answered by no page of ours, stays as it was typed.
  const say = (text) => {
    const said = document.querySelector("#said");
    const line = document.createElement("p");
    line.className = "alert";
    line.textContent = text;
    said.replaceChildren(line);
    said.scrollIntoView({ block: "center" });
  };
  // A log-in in another tab gives the browser another token than the one in this page.
  document.addEventListener("htmx:configRequest", (event) => {
    const token = document.cookie.split("; ").find((each) => each.startsWith("csrftoken="));
    const sent = event.detail.formData;
    if (token && sent.has("csrfmiddlewaretoken")) sent.set("csrfmiddlewaretoken", token.slice("csrftoken=".length));
  });
  document.addEventListener("htmx:sendError", () => say("It could not be sent. What you typed is still here: try again in a moment."));
  document.addEventListener("htmx:beforeSwap", (event) => {
    const answer = event.detail.xhr;
    if (!answer.responseText.includes('<main id="main"')) {
      event.detail.shouldSwap = false;
      say(new URL(answer.responseURL).pathname.endsWith("/login/")
        ? "You are logged out. What you typed is still here: log in in another tab, and send it again."
        : "The server did not take it (" + answer.status + "). What you typed is still here.");
      return;
    }
    const outline = document.querySelector("#outline");
    place = outline ? outline.scrollTop : 0;
    open = [...document.querySelectorAll("details[id][open]:not(.drop)")].map((each) => each.id);
    part = findPart();
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    const outline = document.querySelector("#outline");
    if (outline) outline.scrollTop = place;
    const isSame = event.detail.xhr.status < 400;
    for (const id of isSame && part === findPart() ? open : []) {
      const details = document.getElementById(id);
      if (details) details.open = true;
    }
    prepare();
    // A page for another part, or a refusal, is read from its beginning; after a step the button that was pressed keeps
    // the focus, unless it can no longer be pressed.
    if (!isSame || document.activeElement === document.body || document.activeElement.disabled) {
      const heading = document.querySelector("#panel h1, #main h1");
      if (heading) { heading.tabIndex = -1; heading.focus({ preventScroll: true }); }
      if (!isSame) window.scrollTo(0, 0);
    }
  });
  // A form that the browser itself sends takes along what is typed in it, and nothing of the other forms.
  let leavingBy = null;
  document.addEventListener("submit", (event) => { if (!event.defaultPrevented) leavingBy = event.target; });
  window.addEventListener("beforeunload", (event) => {
    const form = leavingBy;
    leavingBy = null;
    if (findUnsaved(form)) event.preventDefault();
  });

  prepare();
})();
