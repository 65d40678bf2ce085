/** Cases that may already tell of what is being reported, from the device's own data. */

import type { cases, catalogue } from '@xunge/types'
import { boxAround, distance, inBox, type Point } from './geo'

export type Similar = cases.SimilarCase

const DAY_MS = 86_400_000

/** Cases of the same subclass within its radius and period, nearest first. `now` is ms. */
export function similar(
  documents: readonly cases.Case[],
  category: Pick<catalogue.Category, 'code' | 'similar_metres' | 'similar_days'>,
  point: Point,
  now: number,
): Similar[] {
  const box = boxAround(point, category.similar_metres)
  const since = now - category.similar_days * DAY_MS
  return documents
    .filter((each) => each.category === category.code && Date.parse(each.reported_at) >= since)
    .filter(({ position }) => inBox([position.longitude, position.latitude], box))
    .map((each) => ({
      each,
      metres: distance(point, [each.position.longitude, each.position.latitude]),
    }))
    .filter(({ metres }) => metres <= category.similar_metres)
    .sort((one, other) => one.metres - other.metres || (one.each.id < other.each.id ? -1 : 1))
    .map(({ each: { id, number, reported_at, state, description, reports }, metres }) => ({
      ...{ id, number, reported_at, state, description },
      distance_m: Math.round(metres),
      photo: reports[0]?.media.find(({ role }) => role !== 'audio')?.id ?? null,
    }))
}
