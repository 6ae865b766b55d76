import type { MapNode } from '@parapet/contract/api';

/** Icons drawn by us on a 24 unit grid, as strokes. */
const strokes: Readonly<Record<MapNode['kind'], readonly string[]>> = {
  internet: [
    'M12 3a9 9 0 1 0 0 18a9 9 0 0 0 0-18z',
    'M3.4 9h17.2M3.4 15h17.2',
    'M12 3c3 2.6 4 5.6 4 9s-1 6.4-4 9c-3-2.6-4-5.6-4-9s1-6.4 4-9z',
  ],
  zone: ['M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM13 13h7v7h-7z'],
  'host-group': ['M5 5h14v6H5zM5 13h14v6H5z', 'M8 8h.01M8 16h.01'],
  host: ['M4 5h16v6H4zM4 13h16v6H4z', 'M7.5 8h.01M7.5 16h.01M11 8h5M11 16h5'],
  container: ['M12 3.5l7.5 4.2v8.6L12 20.5l-7.5-4.2V7.7z', 'M4.8 7.9L12 12l7.2-4.1M12 12v8.2'],
  'container-group': ['M12 3.5l7.5 4.2v8.6L12 20.5l-7.5-4.2V7.7z', 'M4.8 7.9L12 12l7.2-4.1M12 12v8.2'],
  service: ['M4 6h16v12H4z', 'M7.5 10l2.5 2-2.5 2M12.5 14.5h4'],
  process: ['M8 7l5 5-5 5M14 17h4'],
  peer: [
    'M12 5a7 7 0 1 0 0 14a7 7 0 0 0 0-14z',
    'M10 10.2c.2-1.2 1-1.9 2.1-1.9 1.2 0 2 .7 2 1.8 0 1.6-2 1.6-2 3.2M12.1 16h.01',
  ],
  'peer-group': ['M9 6a4 4 0 1 0 0 8a4 4 0 0 0 0-8z', 'M16 10a4 4 0 1 0 0 8a4 4 0 0 0 0-8z'],
};

/** Filled marks of severity, each of its own shape. */
const marks = [
  'M12 2l10 10-10 10L2 12z',
  'M12 3l10 18H2z',
  'M12 4a8 8 0 1 0 0 16a8 8 0 0 0 0-16z',
  'M12 5a7 7 0 1 0 0 14a7 7 0 0 0 0-14z',
] as const;

const questionMark = 'M8.4 9.4c0-2.2 1.6-3.7 3.6-3.7s3.6 1.4 3.6 3.3c0 2.8-3.6 2.9-3.6 5.6M12 18.6h.01';

export const iconIndex: Readonly<Record<MapNode['kind'], number>> = {
  internet: 0,
  zone: 1,
  'host-group': 2,
  host: 3,
  container: 4,
  'container-group': 5,
  service: 6,
  process: 7,
  peer: 8,
  'peer-group': 9,
};
/** Where the severity marks begin: critical, high, medium, low. */
export const firstMark = 10;
/** The mark of a risk that is not known. */
export const unknownMark = firstMark + marks.length;
export const atlasColumns = 4;

const tile = 64;

/** All icons in one picture of `atlasColumns` by `atlasColumns` tiles, white on nothing; colour comes when they are drawn. */
export const drawAtlas = (): HTMLCanvasElement => {
  const canvas = document.createElement('canvas');
  canvas.width = tile * atlasColumns;
  canvas.height = tile * atlasColumns;
  const context = canvas.getContext('2d');
  if (context === null) return canvas;
  context.lineCap = 'round';
  context.lineJoin = 'round';
  for (const [kind, index] of Object.entries(iconIndex)) {
    within(context, index, () => {
      context.strokeStyle = '#fff';
      context.lineWidth = 1.7;
      for (const path of strokes[kind as MapNode['kind']]) context.stroke(new Path2D(path));
    });
  }
  marks.forEach((path, index) => {
    within(context, firstMark + index, () => {
      context.fillStyle = '#fff';
      context.fill(new Path2D(path));
    });
  });
  within(context, unknownMark, () => {
    context.strokeStyle = '#fff';
    context.lineWidth = 3.4;
    context.stroke(new Path2D(questionMark));
  });
  return canvas;
};

const within = (context: CanvasRenderingContext2D, index: number, draw: () => void): void => {
  context.save();
  context.translate((index % atlasColumns) * tile + 6, Math.floor(index / atlasColumns) * tile + 6);
  context.scale((tile - 12) / 24, (tile - 12) / 24);
  draw();
  context.restore();
};
