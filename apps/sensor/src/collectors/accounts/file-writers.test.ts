import type { TelemetryEvent } from '@parapet/contract/telemetry';
import { expect, test } from 'vitest';
import { createFileWriters } from './file-writers.ts';

const event = (more: Partial<TelemetryEvent>): TelemetryEvent => ({
  ...{ '@timestamp': 5_000_000, 'event.action': 'file-write', 'file.path': '/etc/passwd' },
  ...{ 'process.pid': 7, 'process.entity_id': '7:1', 'process.name': 'useradd', 'user.id': 0 },
  ...more,
});

test('a change is by the process that wrote the file or put another one in its place', () => {
  const writers = createFileWriters((path) => path.startsWith('/etc/'));
  writers.take(event({ 'event.action': 'file-rename', 'file.path': '/tmp/x', 'file.target_path': '/etc/passwd' }));
  writers.take(event({ 'event.action': 'file-permission', 'file.path': '/etc/group' }));
  writers.take(event({ 'file.path': '/srv/x' }));
  expect(writers.of('/etc/passwd', 4000)).toEqual({
    ...{ 'process.pid': 7, 'process.entity_id': '7:1', 'process.name': 'useradd', 'user.id': 0 },
    'parapet.change.process': 'file event',
  });
  for (const path of ['/etc/group', '/tmp/x', '/srv/x']) expect(writers.of(path, undefined)).toEqual({});
  writers.forget();
  expect(writers.of('/etc/passwd', 4000)).toEqual({});
});

test('nobody is named where several wrote, where it is not known who, or where the file changed later', () => {
  const writers = createFileWriters(() => true);
  writers.take(event({}));
  expect(writers.of('/etc/passwd', 5100)).toEqual({});
  writers.take(event({}));
  expect(writers.of('/etc/passwd', 5010)).toMatchObject({ 'process.pid': 7 });
  writers.take(event({ 'process.entity_id': '8:1' }));
  expect(writers.of('/etc/passwd', 5000)).toEqual({ 'parapet.change.process': 'several' });
  writers.take(event({ 'file.path': '/etc/group', 'process.entity_id': undefined }));
  expect(writers.of('/etc/group', 5000)).toEqual({});
});

test('no more files are remembered than a look is about', () => {
  const writers = createFileWriters(() => true);
  for (let file = 0; file < 5000; file += 1) writers.take(event({ 'file.path': `/etc/${file}` }));
  expect(writers.of('/etc/1', 5000)).toMatchObject({ 'process.pid': 7 });
  expect(writers.of('/etc/4999', 5000)).toEqual({});
});
