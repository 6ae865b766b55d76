import { type Browser, type BrowserContext, chromium, type Page, type Request } from 'playwright-core';
import { chromiumPath } from './requirements.ts';

export type BrowserOptions = { readonly width?: number; readonly height?: number; readonly theme?: 'dark' | 'light' };

export type TestBrowser = {
  /** A page of its own session that trusts the console's own certificate. Its errors are collected, with where they come from. */
  readonly open: (options?: BrowserOptions) => Promise<{ page: Page; context: BrowserContext; errors: string[] }>;
  readonly [Symbol.asyncDispose]: () => Promise<void>;
};

const actionTimeoutMs = 90_000;

const flags = [
  '--no-sandbox',
  '--use-gl=angle',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Starts the system's Chromium, headless, with WebGL in software. */
export const launchBrowser = async (): Promise<TestBrowser> => {
  const browser: Browser = await chromium.launch({
    executablePath: chromiumPath ?? '/usr/bin/chromium',
    args: flags,
    headless: true,
  });
  return {
    open: async (options = {}) => {
      const context = await browser.newContext({
        ignoreHTTPSErrors: true,
        viewport: { width: options.width ?? 1440, height: options.height ?? 900 },
        colorScheme: options.theme ?? 'dark',
        reducedMotion: 'reduce',
      });
      // The usual half minute is not enough on a busy machine.
      context.setDefaultTimeout(actionTimeoutMs);
      const page = await context.newPage();
      const errors: string[] = [];
      page.on('pageerror', (error) => errors.push(String(error)));
      page.on('console', (message) => {
        if (message.type() === 'error') errors.push(`${message.text()} (${message.location().url})`);
      });
      return { page, context, errors };
    },
    [Symbol.asyncDispose]: () => browser.close(),
  };
};

/**
 * Goes to a page; anew when an interface of this machine came or went meanwhile, as they do when other tests start containers: the
 * browser then ends all that it was loading, and shows a page of its own.
 */
export const goTo = async (page: Page, url: string): Promise<void> => {
  const until = performance.now() + actionTimeoutMs;
  for (;;) {
    let isCut = false;
    const onFailed = (request: Request): void => {
      isCut ||= request.failure()?.errorText === networkChanged && loaded.has(request.resourceType());
    };
    page.on('requestfailed', onFailed);
    try {
      await page.goto(url);
    } catch (error) {
      if (!/ERR_NETWORK_CHANGED|chrome-error:/.test(String(error))) throw error;
      isCut = true;
    } finally {
      page.off('requestfailed', onFailed);
    }
    if (!isCut) return;
    if (performance.now() > until) throw new Error(`the network changed each time that ${url} was loaded`);
  }
};

const networkChanged = 'net::ERR_NETWORK_CHANGED';
/** Without these there is no page. */
const loaded: ReadonlySet<string> = new Set(['document', 'script', 'stylesheet']);
