export { FleetOrder, FleetSettings, FleetStatus } from './settings.ts';
export { planWorld } from './world.ts';
