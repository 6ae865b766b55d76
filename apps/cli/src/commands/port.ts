import { InvalidArgumentError } from 'commander';

/** A port as an option gives it. Throws what commander turns into a message. */
export const parsePort = (text: string): number => {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new InvalidArgumentError('A port is a number from 1 to 65535.');
  return port;
};
