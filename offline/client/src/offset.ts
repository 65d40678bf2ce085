/** How far the device's clock is off: measured at every answer, the best measure kept for an hour. */

import { metaRecord, readMeta, type Transaction } from './ports'

/** What took longer says too little. */
const TOO_LONG_MS = 10_000
const STALE_MS = 3_600_000
/** Clocks drift; more than this beyond what both measures leave open means somebody set one. */
const DRIFT_MS = 1_000

/** Takes in an answer that was asked for at `asked` and had at `answered` (device's milliseconds). */
export async function measure(
  t: Transaction,
  serverTime: string,
  asked: number,
  answered: number,
): Promise<void> {
  const trip_ms = answered - asked
  if (trip_ms < 0 || trip_ms > TOO_LONG_MS) return
  const offset_ms = Math.round(Date.parse(serverTime) - (asked + answered) / 2)
  const kept = await readMeta(t, 'clock')
  const stands =
    kept !== undefined &&
    Math.abs(answered - kept.at) < STALE_MS &&
    Math.abs(offset_ms - kept.offset_ms) <= (trip_ms + kept.trip_ms) / 2 + DRIFT_MS
  if (stands && kept.trip_ms <= trip_ms) return
  await t.put('meta', [metaRecord('clock', { offset_ms, trip_ms, at: answered })])
}
