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
    if (event.detail > 0 && event.target.closest('[data-testid="stButtonGroup"]')) {
      setTimeout(() => document.activeElement?.blur(), 150);
    }
  }, true);  // before widgets, which keep some clicks to themselves

  // Nor would a slider that was dragged.
  document.addEventListener("pointerup", (event) => {
    if (event.target.closest('[data-testid="stSlider"]')) setTimeout(() => document.activeElement?.blur(), 150);
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

  keepStepsOfBack();
  keepTranslationsTrue();
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
