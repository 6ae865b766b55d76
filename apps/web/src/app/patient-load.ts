/** What it asks of the world, to be played in a test. */
type Deps = {
  /** Whether the console gives any answer. */
  readonly answers: () => Promise<boolean>;
  readonly rest: () => Promise<void>;
  /** Begins the address anew; false when that was done a moment ago and was of no use. */
  readonly beginAnew: () => boolean;
};

const restMs = 3000;
/** Half an hour: whoever comes back later reloads. */
const maxRests = 600;
const momentMs = 60_000;

const browser: Deps = {
  answers: () =>
    fetch('/healthz', { cache: 'no-store' }).then(
      () => true,
      () => false,
    ),
  rest: () => new Promise((resolve) => setTimeout(resolve, restMs)),
  beginAnew: () => {
    const key = `begun-anew:${location.pathname}`;
    if (Date.now() - Number(sessionStorage.getItem(key)) < momentMs) return false;
    sessionStorage.setItem(key, String(Date.now()));
    location.reload();
    return true;
  },
};

/**
 * Loads a page's code. When that fails it waits until the console answers and begins the address anew: a page that is opened
 * while the console is away comes as soon as it is back, and one of another version comes whole. Only asking again would not
 * do: browsers remember what failed, and styles that failed are left out the second time. Rejects when that did not help.
 */
export const patientLoad = async <T>(
  load: () => Promise<T>,
  { answers, rest, beginAnew }: Deps = browser,
): Promise<T> => {
  try {
    return await load();
  } catch (error) {
    for (let rests = 0; !(await answers()); rests += 1) {
      if (rests === maxRests) throw error;
      await rest();
    }
    if (!beginAnew()) throw error;
    // The page is about to go.
    return new Promise<never>(() => undefined);
  }
};
