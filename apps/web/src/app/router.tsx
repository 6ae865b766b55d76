import type { QueryClient } from '@tanstack/react-query';
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
  retainSearchParams,
} from '@tanstack/react-router';
import { z } from 'zod';
import { apiQuery, isUnauthorised } from '../lib/api.ts';
import { overviewQuery } from '../lib/overview-query.ts';
import { parseSearch, searchOf, stringifySearch } from '../lib/search-params.ts';
import { sessionQuery } from '../lib/session.ts';
import { viewSearch } from '../lib/view-state.ts';
import { ErrorPage, MissingPage, PendingPage } from './fallback-pages.tsx';
import {
  assetSearch,
  assetsSearch,
  auditSearch,
  findingsSearch,
  huntSearch,
  packagesSearch,
  scansSearch,
  sensorsSearch,
  timelineSearch,
} from './page-search.ts';
import { patientLoad } from './patient-load.ts';
import { Shell } from './shell.tsx';

/** All pages. Each is its own chunk; only the shell and the sign-in check are in the first one. */
export const createAppRouter = (queryClient: QueryClient) =>
  createRouter({
    routeTree,
    context: { queryClient },
    defaultPreload: 'intent',
    defaultPreloadStaleTime: 0,
    defaultErrorComponent: ErrorPage,
    defaultNotFoundComponent: MissingPage,
    defaultPendingComponent: PendingPage,
    defaultPendingMs: 150,
    scrollRestoration: true,
    parseSearch,
    stringifySearch,
  });

const rootRoute = createRootRouteWithContext<{ queryClient: QueryClient }>()({ component: Outlet });

const signInRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/sign-in',
  validateSearch: searchOf({ to: z.string().max(2048).startsWith('/') }),
  component: lazyRouteComponent(() => patientLoad(() => import('../features/sign-in/sign-in-page.tsx')), 'SignInPage'),
});

/** Opened from a one-time link; its secret is in the fragment, which never reaches the server. */
const linkRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/link',
  component: lazyRouteComponent(() => patientLoad(() => import('../features/sign-in/link-page.tsx')), 'LinkPage'),
});

const shellRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: 'shell',
  validateSearch: searchOf(viewSearch),
  search: { middlewares: [retainSearchParams(['at'])] },
  beforeLoad: async ({ context, location }) => {
    fetchFrame(context.queryClient);
    try {
      await context.queryClient.ensureQueryData(sessionQuery());
    } catch (error) {
      if (isUnauthorised(error))
        throw redirect({ to: '/sign-in', search: location.href === '/' ? {} : { to: location.href } });
      throw error;
    }
  },
  component: Shell,
});

/** What every page's frame shows, asked for while the session is being checked and the page's chunk loads. */
const fetchFrame = (client: QueryClient): void => {
  if (client.getQueryData(sessionQuery().queryKey) !== undefined) return;
  void client.prefetchQuery(overviewQuery());
  void client.prefetchQuery(apiQuery('trust.get'));
};

const overviewRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/',
  component: lazyRouteComponent(
    () => patientLoad(() => import('../features/overview/overview-page.tsx')),
    'OverviewPage',
  ),
});

/** The map keeps its own parameters: what is open, the focus, the zoom. They pass unchanged. */
const mapRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/map',
  validateSearch: (search: Record<string, unknown>): Record<string, unknown> => search,
  component: lazyRouteComponent(() => patientLoad(() => import('../features/map/map-page.tsx')), 'MapPage'),
});

const findingsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/findings',
  validateSearch: searchOf(findingsSearch),
  component: lazyRouteComponent(
    () => patientLoad(() => import('../features/findings/findings-page.tsx')),
    'FindingsPage',
  ),
});

const findingRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/findings/$findingId',
  component: lazyRouteComponent(
    () => patientLoad(() => import('../features/findings/finding-page.tsx')),
    'FindingPage',
  ),
});

const assetsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/assets',
  validateSearch: searchOf(assetsSearch),
  component: lazyRouteComponent(() => patientLoad(() => import('../features/assets/assets-page.tsx')), 'AssetsPage'),
});

const assetRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/assets/$assetId',
  validateSearch: searchOf(assetSearch),
  component: lazyRouteComponent(() => patientLoad(() => import('../features/assets/asset-page.tsx')), 'AssetPage'),
});

const packagesRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/packages',
  validateSearch: searchOf(packagesSearch),
  component: lazyRouteComponent(
    () => patientLoad(() => import('../features/packages/packages-page.tsx')),
    'PackagesPage',
  ),
});

/** What reads events takes the console a moment to start: this starts it while the page's code is loaded. */
const wakeHunts = ({ context }: { readonly context: { readonly queryClient: QueryClient } }): void => {
  void context.queryClient.prefetchQuery(apiQuery('hunt.fields'));
};

const huntRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/hunt',
  validateSearch: searchOf(huntSearch),
  loader: wakeHunts,
  component: lazyRouteComponent(() => patientLoad(() => import('../features/hunt/hunt-page.tsx')), 'HuntPage'),
});

const timelineRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/hunt/timeline',
  validateSearch: searchOf(timelineSearch),
  loader: wakeHunts,
  component: lazyRouteComponent(
    () => patientLoad(() => import('../features/hunt/timeline/timeline-page.tsx')),
    'TimelinePage',
  ),
});

const scansRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/scans',
  validateSearch: searchOf(scansSearch),
  component: lazyRouteComponent(() => patientLoad(() => import('../features/scans/scans-page.tsx')), 'ScansPage'),
});

const sensorsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/sensors',
  validateSearch: searchOf(sensorsSearch),
  component: lazyRouteComponent(() => patientLoad(() => import('../features/sensors/sensors-page.tsx')), 'SensorsPage'),
});

const addHostRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/sensors/add',
  component: lazyRouteComponent(
    () => patientLoad(() => import('../features/sensors/add-host-page.tsx')),
    'AddHostPage',
  ),
});

const sensorRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/sensors/$hostId',
  component: lazyRouteComponent(() => patientLoad(() => import('../features/sensors/sensor-page.tsx')), 'SensorPage'),
});

const settingsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/settings',
  component: lazyRouteComponent(
    () => patientLoad(() => import('../features/settings/settings-layout.tsx')),
    'SettingsLayout',
  ),
});

const settingsIndexRoute = createRoute({
  getParentRoute: () => settingsRoute,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/settings/feeds' });
  },
});

const feedsRoute = createRoute({
  getParentRoute: () => settingsRoute,
  path: '/feeds',
  component: lazyRouteComponent(() => patientLoad(() => import('../features/settings/feeds-page.tsx')), 'FeedsPage'),
});

const vexRoute = createRoute({
  getParentRoute: () => settingsRoute,
  path: '/vex',
  component: lazyRouteComponent(() => patientLoad(() => import('../features/settings/vex-page.tsx')), 'VexPage'),
});

const peopleRoute = createRoute({
  getParentRoute: () => settingsRoute,
  path: '/people',
  component: lazyRouteComponent(() => patientLoad(() => import('../features/settings/people-page.tsx')), 'PeoplePage'),
});

const tokensRoute = createRoute({
  getParentRoute: () => settingsRoute,
  path: '/tokens',
  component: lazyRouteComponent(() => patientLoad(() => import('../features/settings/tokens-page.tsx')), 'TokensPage'),
});

const keysRoute = createRoute({
  getParentRoute: () => settingsRoute,
  path: '/keys',
  component: lazyRouteComponent(() => patientLoad(() => import('../features/settings/keys-page.tsx')), 'KeysPage'),
});

const auditRoute = createRoute({
  getParentRoute: () => settingsRoute,
  path: '/audit',
  validateSearch: searchOf(auditSearch),
  component: lazyRouteComponent(() => patientLoad(() => import('../features/settings/audit-page.tsx')), 'AuditPage'),
});

const telemetryRoute = createRoute({
  getParentRoute: () => settingsRoute,
  path: '/telemetry',
  component: lazyRouteComponent(
    () => patientLoad(() => import('../features/settings/telemetry-page.tsx')),
    'TelemetryPage',
  ),
});

const retentionRoute = createRoute({
  getParentRoute: () => settingsRoute,
  path: '/retention',
  component: lazyRouteComponent(
    () => patientLoad(() => import('../features/settings/retention-page.tsx')),
    'RetentionPage',
  ),
});

const consoleRoute = createRoute({
  getParentRoute: () => settingsRoute,
  path: '/console',
  component: lazyRouteComponent(
    () => patientLoad(() => import('../features/settings/console-page.tsx')),
    'ConsolePage',
  ),
});

const aboutRoute = createRoute({
  getParentRoute: () => settingsRoute,
  path: '/about',
  component: lazyRouteComponent(() => patientLoad(() => import('../features/settings/about-page.tsx')), 'AboutPage'),
});

/** Any other address, at the end of those the frame has. */
const missingRoute = createRoute({ getParentRoute: () => shellRoute, path: '$', component: MissingPage });

const routeTree = rootRoute.addChildren([
  signInRoute,
  linkRoute,
  shellRoute.addChildren([
    overviewRoute,
    mapRoute,
    findingsRoute,
    findingRoute,
    assetsRoute,
    assetRoute,
    packagesRoute,
    huntRoute,
    timelineRoute,
    scansRoute,
    sensorsRoute,
    addHostRoute,
    sensorRoute,
    settingsRoute.addChildren([
      settingsIndexRoute,
      feedsRoute,
      vexRoute,
      peopleRoute,
      tokensRoute,
      keysRoute,
      auditRoute,
      telemetryRoute,
      retentionRoute,
      consoleRoute,
      aboutRoute,
    ]),
    missingRoute,
  ]),
]);

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
