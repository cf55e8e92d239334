// What Streamlit leaves to do in the browser. Runs again with each page, so it is set up once. No tags in here, not even in
// a comment: what cleans HTML in the browser would drop all of it.
if (!window.resnetLabIsSetUp) {
  window.resnetLabIsSetUp = true;
  document.addEventListener("click", (event) => {
    // On a phone the menu lies over the page: it closes after a choice.
    const chosen = event.target.closest('[data-testid="stSidebarNavLink"], [data-testid="stSidebar"] [data-testid="stLogoLink"]');
    if (chosen && window.innerWidth < 768) {
      document.querySelector('[data-testid="stSidebarCollapseButton"] button')?.click();
    }
    // A chip that was clicked by mouse would keep the arrow keys, by which a lesson goes on. By keyboard it keeps them.
    if (event.detail > 0 && event.target.closest('[data-testid="stButtonGroup"]')) leaveArrowsToLesson();
  }, true);  // before widgets, which keep some clicks to themselves

  // So would a slider that was dragged, wherever it is let go.
  let dragged = null;
  document.addEventListener("pointerdown", (event) => { dragged = event.target.closest('[data-testid="stSlider"]'); }, true);
  document.addEventListener("pointerup", () => { if (dragged) leaveArrowsToLesson(); }, true);

  function leaveArrowsToLesson() {
    if (document.querySelector(".st-key-way")) setTimeout(() => document.activeElement?.blur(), 150);
  }

  // Escape ends a chart's full screen, and not the projector mode, too, whose shortcut it is.
  document.addEventListener("keydown", (event) => {
    const close = document.querySelector('[data-testid="stElementToolbarButton"] button[aria-label^="Close fullscreen"]');
    if (event.key !== "Escape" || !close) return;
    event.stopImmediatePropagation();
    close.click();
  }, true);

  // Enter presses what has the focus, and not the button whose shortcut it is: Streamlit listens for these further out.
  document.body.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.closest("button, a, summary")) event.stopPropagation();
  });

  // What a presenter's clicker sends: where there is no more to scroll, the answer and then the next step of a lesson, or back.
  const pressedBy = {
    PageDown: ".st-key-lesson_reveal button, .st-key-lesson_next button",
    PageUp: ".st-key-lesson_back button",
  };
  document.addEventListener("keydown", (event) => {
    const buttons = [...document.querySelectorAll(pressedBy[event.key] ?? "none")];
    const button = buttons.find((each) => each.closest(".st-key-lesson_reveal")) ?? buttons[0];
    const page = document.querySelector('[data-testid="stMain"]');
    const above = page?.scrollTop ?? 0;
    const left = event.key === "PageUp" ? above : (page?.scrollHeight ?? 0) - above - (page?.clientHeight ?? 0);
    const meant = !(event.defaultPrevented || event.ctrlKey || event.altKey || event.shiftKey || event.metaKey);
    if (!button || !meant || left > 5 || event.target.closest("input, textarea, [role=dialog]")) return;
    event.preventDefault();
    if (!event.repeat) button.click();
  });

  keepFocus();
  nameMarks();
  keepStepsOfBack();
  keepTranslationsTrue();
}

// A button that was pressed by keyboard may be gone then, and the focus with it: one goes on at the heading above it that is
// still there, or at the title; unless one has moved since.
function keepFocus() {
  let pressed = null;
  let above = [];  // headings, from the top
  for (const move of ["keydown", "pointerdown"]) {
    document.addEventListener(move, () => { pressed = null; }, true);
  }
  document.addEventListener("click", (event) => {
    const button = event.target.closest(".stMainBlockContainer .stButton button");
    if (event.detail > 0 || !button || button !== document.activeElement) return;
    pressed = button;
    above = headings().filter((each) => each.compareDocumentPosition(button) & Node.DOCUMENT_POSITION_FOLLOWING);
  }, true);
  new MutationObserver(() => {
    if (!pressed || pressed.isConnected || document.activeElement !== document.body) return;
    const heading = above.findLast((each) => each.isConnected) ?? headings()[0];
    if (!heading) return;
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
  }).observe(document.body, { childList: true, subtree: true });
  function headings() {
    return [...document.querySelectorAll(".stMainBlockContainer :is(h1, h2, h3)")];
  }
}

// The marks of right and wrong answers are read aloud as what they mean, not by the names of their icons.
function nameMarks() {
  const said = { "check_circle icon": "right", "cancel icon": "wrong" };
  new MutationObserver(() => {
    for (const [icon, meaning] of Object.entries(said)) {
      for (const mark of document.querySelectorAll(`[role="img"][aria-label="${icon}"]`)) mark.setAttribute("aria-label", meaning);
    }
  }).observe(document.body, { childList: true, subtree: true, attributeFilter: ["aria-label"] });
}

// What a page writes into its own link while it is first drawn, such as the pair, is no step of its own: Back would lead
// to the same page without it, which writes it again. What one has chosen there is a step.
function keepStepsOfBack() {
  const pushState = history.pushState.bind(history);
  let untouched = true;
  let before = null;  // the link without what was written last, until it is clear that the page stays
  for (const touch of ["pointerdown", "keydown"]) {
    document.addEventListener(touch, () => { untouched = false; }, true);
  }
  addEventListener("popstate", () => { before = null; });
  history.pushState = (state, title, url) => {
    if (new URL(url, location.href).pathname === location.pathname) {
      const first = location.href;
      history.replaceState(state, title, url);
      if (!untouched && before === null) {
        before = first;
        setTimeout(makeStep, 300);
      }
      return;
    }
    // A quick page's first words about its link come before Streamlit changes the address, and stand in the new one.
    if (before !== null) history.replaceState(state, title, before);
    before = null;
    untouched = true;
    pushState(state, title, url);
  };
  function makeStep() {
    if (before === null) return;
    const now = location.href;
    history.replaceState({}, "", before);
    before = null;
    pushState({}, "", now);
  }
}

// Where the browser translates a page, it puts a font element in the place of each text. React goes on to change the text that
// is no longer there, so that old words stay; or fails to remove it. So it is put back first; the browser translates anew.
function keepTranslationsTrue() {
  const translations = new WeakMap();  // of texts
  new MutationObserver((changes) => {
    for (const change of changes) {
      const beside = [...change.addedNodes, change.previousSibling, change.nextSibling];
      const translation = beside.find((node) => node?.nodeName === "FONT");
      for (const text of change.removedNodes) {
        if (translation && text.nodeType === Node.TEXT_NODE) translations.set(text, translation);
      }
    }
  }).observe(document.body, { childList: true, subtree: true });

  function putBack(node) {
    const translation = translations.get(node);
    if (translation?.isConnected && !node.isConnected) translation.replaceWith(node);
  }
  const { get, set } = Object.getOwnPropertyDescriptor(Node.prototype, "nodeValue");
  Object.defineProperty(Node.prototype, "nodeValue", {
    get,
    set(value) {
      putBack(this);
      set.call(this, value);
    },
  });
  for (const name of ["removeChild", "insertBefore"]) {
    const change = Node.prototype[name];
    Node.prototype[name] = function (...nodes) {
      nodes.forEach((node) => node && putBack(node));
      return change.apply(this, nodes);
    };
  }
}
