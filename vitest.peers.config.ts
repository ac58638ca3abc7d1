import { defineConfig } from 'vitest/config';

/** The real tools beside ours; see test/peers/peer.ts. One file after the other: they compile and share folders. */
export default defineConfig({
  test: {
    include: ['test/peers/**/*.peer.ts'],
    testTimeout: 600_000,
    hookTimeout: 600_000,
    pool: 'threads',
    fileParallelism: false,
  },
});
