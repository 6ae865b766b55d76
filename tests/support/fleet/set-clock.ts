/**
 * Loaded before a process (`--import`): each SIGUSR2 sets its clock by the next of the milliseconds in `CLOCK_STEPS`, as an
 * administrator or a time server does. What counts the time that passes is left alone, as the system leaves it.
 */
const steps = (process.env['CLOCK_STEPS'] ?? '').split(',').map(Number);
const now = Date.now;
let offsetMs = 0;
let next = 0;
Date.now = () => now() + offsetMs;
process.on('SIGUSR2', () => {
  offsetMs += steps[next % steps.length] ?? 0;
  next += 1;
});
