/**
 * All numbers below n, one by one or in short runs, each larger run of them spread evenly over the range: a shuffle without chance. Whatever the order of the
 * cells, no group of them lies on top of another, and any first part of it is a fair sample.
 */
export function spread(n: number, run = 1): Uint32Array {
  const runs = Math.ceil(n / run);
  const order = new Uint32Array(n);
  let step = Math.max(1, Math.round(runs * 0.618034));
  while (commonDivisor(step, runs) !== 1) step++;
  let count = 0;
  for (let i = 0, at = 0; i < runs; i++, at = (at + step) % runs) {
    for (let k = at * run; k < Math.min(n, (at + 1) * run); k++) order[count++] = k;
  }
  return order;
}

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b);
}
