/** The generator has moved to where the engine bench may use it. */
export * from '../../sim/engine-bench/generator.ts';
