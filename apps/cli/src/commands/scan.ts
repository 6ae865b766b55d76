import type { Command } from 'commander';
export const addScanCommand = (_program: Command): void => undefined;
