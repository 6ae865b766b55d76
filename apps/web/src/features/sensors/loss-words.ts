const stages: Readonly<Record<string, string>> = {
  kernel: 'in the kernel, before the sensor read it',
  ring: 'in the kernel, before the sensor read it',
  reader: 'while the sensor read it',
  filter: 'at the sensor’s filter',
  queue: 'in the sensor’s queue',
  spool: 'on the host’s disk, before it was sent',
  wire: 'on the way to the console',
  ingest: 'when the console read it',
  store: 'when the console stored it',
};

/** Where events can be lost, in plain words; a stage that is not known yet by its name. */
export const lossWords = (stage: string): string => stages[stage] ?? stage;
