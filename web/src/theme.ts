// Dark or light: as the system says, unless the reader chose.
import { useEffect, useState } from "preact/hooks";

export type Theme = "dark" | "light";
const KEY = "azimuth-theme";
const dark = matchMedia("(prefers-color-scheme: dark)");

export function currentTheme(): Theme {
  const chosen = localStorage.getItem(KEY);
  return chosen === "dark" || chosen === "light" ? chosen : dark.matches ? "dark" : "light";
}

export function applyTheme(): void {
  document.documentElement.dataset.theme = currentTheme();
}

export function toggleTheme(): void {
  const next = currentTheme() === "dark" ? "light" : "dark";
  if ((next === "dark") === dark.matches) localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, next);
  applyTheme();
  dispatchEvent(new Event("azimuth-theme"));
}

export function useTheme(): Theme {
  const [theme, setTheme] = useState(currentTheme);
  useEffect(() => {
    const changed = () => {
      applyTheme();
      setTheme(currentTheme());
    };
    addEventListener("azimuth-theme", changed);
    dark.addEventListener("change", changed);
    return () => {
      removeEventListener("azimuth-theme", changed);
      dark.removeEventListener("change", changed);
    };
  }, []);
  return theme;
}

export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}
