"use strict";
(() => {
  const items = [...document.querySelectorAll(".findings > li")];
  const form = document.querySelector("form");
  const texts = new Map();
  const textOf = (item) => {
    if (!texts.has(item)) texts.set(item, item.textContent.toLowerCase());
    return texts.get(item);
  };
  const number = (count) => `${count.toLocaleString("en")} finding${count === 1 ? "" : "s"}`;

  function filter() {
    const words = form.text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const rule = form.rule.value;
    let shown = 0;
    for (const item of items) {
      const kept =
        (!rule || item.dataset.rule === rule) &&
        (!form.blocking.checked || item.dataset.does === "blocks") &&
        words.every((word) => textOf(item).includes(word));
      if (item.hidden === kept) item.hidden = !kept;
      shown += kept;
    }
    const all = shown === items.length;
    form.querySelector("output").textContent = all ? number(shown) : `${shown.toLocaleString("en")} of ${number(items.length)}`;
  }

  function openAll() {
    const shown = items.filter((item) => !item.hidden).map((item) => item.firstElementChild);
    const open = !shown.every((each) => each.open);
    for (const each of shown) each.open = open;
    form.open.textContent = open ? "Close all" : "Open all";
  }

  // Buttons are made when somebody may want them: two thousand findings have four thousand.
  function copyable(details) {
    for (const place of details.querySelectorAll(".copy")) {
      if (place.querySelector("button")) continue;
      const text = place.textContent;
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = "Copy";
      button.addEventListener("click", async () => {
        try {
          await navigator.clipboard.writeText(text);
          button.textContent = "Copied";
        } catch {
          getSelection().selectAllChildren(place.firstChild.parentNode);
          button.textContent = "Selected";
        }
        setTimeout(() => (button.textContent = "Copy"), 2000);
      });
      place.append(button);
    }
  }

  function reach() {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target || !target.matches(".findings > li")) return;
    if (target.hidden) {
      form.reset();
      filter();
    }
    target.firstElementChild.open = true;
    target.scrollIntoView();
    target.querySelector("summary").focus({ preventScroll: true });
  }

  if (form) {
    form.hidden = false;
    form.addEventListener("input", filter);
    form.addEventListener("submit", (event) => event.preventDefault());
    form.open.addEventListener("click", openAll);
  }
  document.addEventListener("toggle", (event) => event.target.open && copyable(event.target), true);
  for (const details of document.querySelectorAll(".findings details[open]")) copyable(details);
  addEventListener("hashchange", reach);
  reach();
  document.documentElement.dataset.ready = "yes";
})();
