import type { directory } from '@xunge/types'
import type { FeatureCollection } from 'geojson'
import { Map, NavigationControl, setWorkerUrl, type LngLatBoundsLike } from 'maplibre-gl'
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?url'
import 'maplibre-gl/dist/maplibre-gl.css'
import './base.css'

setWorkerUrl(workerUrl)

type Area = directory.Area

/** The demo's middle, only until the county's own grids are there. */
const NOWHERE: [number, number] = [120.65, 27.98]

export const empty: FeatureCollection = { type: 'FeatureCollection', features: [] }

/** A map of our own vector data on plain ground; no tile server, no remote font. */
export function openMap(container: HTMLElement, label: string): Map {
  const map = new Map({
    container,
    center: NOWHERE,
    zoom: 11,
    maxZoom: 20,
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    attributionControl: false,
    locale: {
      'NavigationControl.ZoomIn': '放大',
      'NavigationControl.ZoomOut': '缩小',
      'Map.Title': label,
    },
    style: {
      version: 8,
      sources: {
        grids: { type: 'geojson', data: empty },
        mine: { type: 'geojson', data: empty },
      },
      layers: [
        { id: 'ground', type: 'background', paint: { 'background-color': '#e9eeec' } },
        { id: 'grid-fill', type: 'fill', source: 'grids', paint: { 'fill-color': '#f8faf9' } },
        {
          id: 'grid-line',
          type: 'line',
          source: 'grids',
          paint: {
            'line-color': '#8ba19e',
            'line-width': ['interpolate', ['linear'], ['zoom'], 10, 0.4, 15, 1.4],
          },
        },
        {
          id: 'mine-fill',
          type: 'fill',
          source: 'mine',
          paint: { 'fill-color': '#0b5c63', 'fill-opacity': 0.14 },
        },
        {
          id: 'mine-line',
          type: 'line',
          source: 'mine',
          paint: { 'line-color': '#0b5c63', 'line-width': 3 },
        },
      ],
    },
  })
  // For whoever waits for the picture, as tests do.
  container.dataset.still = 'false'
  map.on('dataloading', () => (container.dataset.still = 'false'))
  map.on('idle', () => (container.dataset.still = 'true'))
  map.touchZoomRotate.disableRotation()
  map.keyboard.disableRotation()
  map.addControl(new NavigationControl({ showCompass: false }), 'top-right')
  return map
}

export function gridFeatures(areas: readonly Area[]): FeatureCollection {
  return {
    type: 'FeatureCollection',
    features: areas.flatMap((area) =>
      area.polygon
        ? [
            {
              type: 'Feature',
              properties: { code: area.code, name: area.name },
              geometry: area.polygon,
            },
          ]
        : [],
    ),
  }
}

/** West, south, east, north of the areas' polygons; null when none has one. */
export function boundsOf(areas: readonly Area[]): LngLatBoundsLike | null {
  let [west, south, east, north] = [180, 90, -180, -90]
  for (const { polygon } of areas) {
    if (!polygon) continue
    const rings = polygon.type === 'Polygon' ? polygon.coordinates : polygon.coordinates.flat()
    for (const [longitude, latitude] of rings.flat()) {
      west = Math.min(west, longitude)
      east = Math.max(east, longitude)
      south = Math.min(south, latitude)
      north = Math.max(north, latitude)
    }
  }
  return west > east ? null : [west, south, east, north]
}

/** A circle of so many metres as a polygon, for accuracy. */
export function circle(longitude: number, latitude: number, radius: number): FeatureCollection {
  const points = Array.from({ length: 65 }, (_, n) => {
    const angle = (n / 64) * 2 * Math.PI
    const north = (radius / 111_320) * Math.cos(angle)
    const east = (radius / (111_320 * Math.cos((latitude * Math.PI) / 180))) * Math.sin(angle)
    return [longitude + east, latitude + north]
  })
  return {
    type: 'FeatureCollection',
    features: [
      { type: 'Feature', properties: {}, geometry: { type: 'Polygon', coordinates: [points] } },
    ],
  }
}
