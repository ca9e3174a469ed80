let screenTheme: 'dark' | undefined;

function apply(): void {
  const isDark = screenTheme === 'dark' || matchMedia('(prefers-color-scheme: dark)').matches;
  document.documentElement.dataset['theme'] = isDark ? 'dark' : 'light';
}

/** Follows the system's colours from now on. */
export function startTheme(): void {
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', apply);
  apply();
}

/** Sets the colours of the whole window: a screen's own theme, else the system's. */
export function setScreenTheme(own: 'dark' | undefined): void {
  screenTheme = own;
  apply();
}
