import type { cases, catalogue } from '@xunge/types'

export interface SimilarCase {
  id: string
  number: string
  distance_m: number
  reported_at: string
  state: string
  description: string
  photo: string | null
}

type Point = Pick<cases.Position, 'longitude' | 'latitude'>

/** Metres on the sphere of mean radius, as the server measures. */
export function distance(a: Point, b: Point): number {
  const rad = Math.PI / 180
  const sin = (degrees: number) => Math.sin((degrees * rad) / 2) ** 2
  const h =
    sin(b.latitude - a.latitude) +
    Math.cos(a.latitude * rad) * Math.cos(b.latitude * rad) * sin(b.longitude - a.longitude)
  return 2 * 6_371_008.8 * Math.asin(Math.sqrt(h))
}

/** Cases of the same subclass within its radius and period, nearest first. */
export function similarCases(
  held: readonly cases.Case[],
  category: catalogue.Category,
  position: Point,
  now: number,
): SimilarCase[] {
  const since = now - category.similar_days * 86_400_000
  return held
    .filter((each) => each.category === category.code && Date.parse(each.reported_at) >= since)
    .map((each) => ({
      id: each.id,
      number: each.number,
      distance_m: distance(each.position, position),
      reported_at: each.reported_at,
      state: each.state,
      description: each.description,
      photo: each.reports[0]?.media.find(({ role }) => role !== 'audio')?.id ?? null,
    }))
    .filter((each) => each.distance_m <= category.similar_metres)
    .sort((a, b) => a.distance_m - b.distance_m)
}
