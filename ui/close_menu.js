// On a phone the menu lies over the page: it closes after a choice. Streamlit leaves it open.
if (!window.resnetLabMenuCloses) {
  window.resnetLabMenuCloses = true;
  document.addEventListener("click", (event) => {
    const chosen = event.target.closest('[data-testid="stSidebarNavLink"], [data-testid="stSidebar"] [data-testid="stLogoLink"]');
    if (chosen && window.innerWidth < 768) {
      document.querySelector('[data-testid="stSidebarCollapseButton"] button')?.click();
    }
  });
}
