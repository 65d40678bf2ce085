/** Cases that may already tell of what is being reported, from the device's own data. */

import type { cases, catalogue } from '@xunge/types'
import { boxAround, distance, inBox, type Point } from './geo'

/** As the server answers; `photo` is a media id. */
export interface Similar {
  id: string
  number: string
  distance_m: number
  reported_at: string
  state: string
  description: string
  photo: string | null
}

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
    .map(({ id, number, position, reported_at, state, description, reports }) => ({
      id,
      number,
      distance_m: distance(point, [position.longitude, position.latitude]),
      reported_at,
      state,
      description,
      photo: reports[0]?.media.find(({ role }) => role !== 'audio')?.id ?? null,
    }))
    .filter(({ distance_m }) => distance_m <= category.similar_metres)
    .sort((one, other) => one.distance_m - other.distance_m)
}
