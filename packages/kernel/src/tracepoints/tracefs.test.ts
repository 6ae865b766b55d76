import { expect, test } from 'vitest';
import { fieldOf, parseFormat } from './tracefs.ts';

/** As a kernel of 4.14 writes it. */
const format = `name: sched_process_exec
ID: 310
format:
	field:unsigned short common_type;	offset:0;	size:2;	signed:0;
	field:int common_pid;	offset:4;	size:4;	signed:1;

	field:__data_loc char[] filename;	offset:8;	size:4;	signed:1;
	field:pid_t old_pid;	offset:16;	size:4;	signed:1;
	field:__u8 saddr[4];	offset:32;	size:4;	signed:0;
	field:const char *const * argv;	offset:24;	size:8;	signed:0;

print fmt: "filename=%s pid=%d old_pid=%d", __get_str(filename), REC->pid, REC->old_pid
`;

test('a tracepoint’s number and the places of its fields are read', () => {
  const read = parseFormat(format);
  expect(read?.id).toBe(310);
  expect(Object.fromEntries(read?.fields ?? [])).toEqual({
    common_type: { offset: 0, sizeBytes: 2 },
    common_pid: { offset: 4, sizeBytes: 4 },
    filename: { offset: 8, sizeBytes: 4 },
    old_pid: { offset: 16, sizeBytes: 4 },
    saddr: { offset: 32, sizeBytes: 4 },
    argv: { offset: 24, sizeBytes: 8 },
  });
});

test('a text that is none is no tracepoint, and a field that is not there is named', () => {
  expect(parseFormat('')).toBeUndefined();
  expect(parseFormat('ID: x\n\tfield:int a;\toffset:0;\tsize:4;')).toBeUndefined();
  const read = parseFormat(format);
  if (read === undefined) throw new Error('it is one');
  expect(() => fieldOf(read, 'pid')).toThrow('no field pid');
});
