// What Streamlit leaves to do in the browser. Runs again with each page, so it is set up once.
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
}
