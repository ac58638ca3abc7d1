import { defineConfig } from 'vitest/config';

export default defineConfig({
  // generous, since a time limit here is for what hangs; a busy machine is no failure
  test: { include: ['test/**/*.test.ts'], testTimeout: 120_000, hookTimeout: 120_000, pool: 'threads' },
});
