import { type Refused, type SensorMessage, sensorMessages } from '@parapet/contract/wire';
import { storable } from '@parapet/core';

type WorkChannel = 'control' | 'orders' | 'bulk';

/** Parses a message of a channel. Unknown kinds are counted, known ones of a wrong shape refused; both give `undefined`. */
export const readMessage = <C extends WorkChannel>(
  channel: C,
  value: Record<string, unknown>,
  answers: {
    readonly refuse: (code: Refused['code'], detail: string, message: string) => void;
    readonly onUnknown: (messages: number) => void;
  },
): SensorMessage[C] | undefined => {
  const { kind } = value;
  if (typeof kind === 'string' && !kinds[channel].has(kind)) {
    answers.onUnknown(1);
    return undefined;
  }
  const parsed = sensorMessages[channel].safeParse(storable(value));
  if (parsed.success) return parsed.data as SensorMessage[C];
  const at = parsed.error.issues[0]?.path.join('.') ?? '';
  answers.refuse('malformed', 'malformed-message', `A message on ${channel} has a wrong shape at "${at}".`);
  return undefined;
};

const kindsOf = (channel: WorkChannel): ReadonlySet<string> =>
  new Set(sensorMessages[channel].options.map((option) => option.shape.kind.value));

const kinds: Readonly<Record<WorkChannel, ReadonlySet<string>>> = {
  control: kindsOf('control'),
  orders: kindsOf('orders'),
  bulk: kindsOf('bulk'),
};
