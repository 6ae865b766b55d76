import { useSyncExternalStore } from 'react';
import { z } from 'zod';

export const themes = ['system', 'dark', 'light'] as const;
export const densities = ['dense', 'comfortable'] as const;
const Appearance = z.object({
  theme: z.enum(themes).default('system'),
  density: z.enum(densities).default('dense'),
});
export type Appearance = z.infer<typeof Appearance>;

/** Theme and density of this browser. Applied to the root element as `data-theme` and `data-density`. */
export const useAppearance = (): Appearance => useSyncExternalStore(subscribe, () => appearance);

export const setAppearance = (changes: Partial<Appearance>): void => {
  appearance = { ...appearance, ...changes };
  try {
    localStorage.setItem(storageKey, JSON.stringify(appearance));
  } catch {
    // Private windows may refuse storage; the choice then lasts as long as the page.
  }
  applyAppearance();
};

/** `dark` or `light` as shown now; for what draws by itself, such as the map. */
export const useShownTheme = (): 'dark' | 'light' => useSyncExternalStore(subscribe, shownTheme);

export const applyAppearance = (): void => {
  document.documentElement.dataset['theme'] = shownTheme();
  document.documentElement.dataset['density'] = appearance.density;
  for (const listener of listeners) listener();
};

const storageKey = 'parapet.appearance';
const listeners = new Set<() => void>();
const prefersLight = window.matchMedia('(prefers-color-scheme: light)');

const subscribe = (listener: () => void): (() => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

const shownTheme = (): 'dark' | 'light' =>
  appearance.theme === 'system' ? (prefersLight.matches ? 'light' : 'dark') : appearance.theme;

const read = (): Appearance => {
  try {
    return Appearance.parse(JSON.parse(localStorage.getItem(storageKey) ?? '{}'));
  } catch {
    return Appearance.parse({});
  }
};

let appearance = read();
prefersLight.addEventListener('change', applyAppearance);
