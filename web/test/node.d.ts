// The little of node that the tests use; @types/node would be a dependency for two names.
declare module "node:test" {
  export function test(name: string, body: () => void): void;
}
declare module "node:assert/strict" {
  const assert: { equal(a: unknown, b: unknown, why?: string): void; deepEqual(a: unknown, b: unknown, why?: string): void; ok(a: unknown, why?: string): void };
  export default assert;
}
