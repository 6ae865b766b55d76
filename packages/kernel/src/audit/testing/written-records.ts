/** A text as the kernel writes what a program chose. */
export const writeText = (text: string): string => {
  const bytes = Buffer.from(text, 'utf8');
  return bytes.every(isPlain) ? `"${text}"` : bytes.toString('hex').toUpperCase();
};

/** The fields of the records that tell these arguments, none longer than `recordBytes` (the kernel's: 7,500) by much. */
export const writeArguments = (args: readonly string[], recordBytes = 7500): readonly string[] => {
  const records: string[] = [];
  let record = `argc=${args.length}`;
  const room = (): number => Math.max(0, recordBytes - record.length);
  const flush = (): void => {
    records.push(record.trimStart());
    record = '';
  };
  args.forEach((arg, index) => {
    const whole = ` a${index}=${writeText(arg)}`;
    if (whole.length <= room()) {
      record += whole;
      return;
    }
    const bytes = Buffer.from(arg, 'utf8');
    const isHex = !bytes.every(isPlain);
    record += ` a${index}_len=${isHex ? bytes.length * 2 : bytes.length}`;
    const pieceBytes = Math.max(1, Math.floor(recordBytes / 4));
    for (let at = 0, piece = 0; at < bytes.length || piece === 0; at += pieceBytes, piece += 1) {
      if (room() < recordBytes / 2) flush();
      const part = bytes.subarray(at, at + pieceBytes);
      record += ` a${index}[${piece}]=${isHex ? part.toString('hex').toUpperCase() : `"${part.toString('latin1')}"`}`;
    }
  });
  flush();
  return records;
};

const isPlain = (byte: number): boolean => byte > 0x20 && byte < 0x7f && byte !== 0x22;
