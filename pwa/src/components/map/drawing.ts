import type { Point } from '@xunge/rules'
import type { FeatureCollection } from 'geojson'
import { LngLatBounds, Marker, type GeoJSONSource, type Map } from 'maplibre-gl'
import { empty } from './base'
import { circleTo, handlesOf, moved, rectangle, ringOf, type Shape } from '@/lib/shapes'

const SOURCE = 'shape'
const COLOUR = '#6b2fa0'
/** A finger that only touched has drawn nothing. */
const LEAST_PIXELS = 12

/** Adds the layers of what is drawn, under the cases. */
export function addShapeLayers(map: Map): void {
  if (map.getSource(SOURCE)) return
  map.addSource(SOURCE, { type: 'geojson', data: empty })
  const below = map.getLayer('cluster') ? 'cluster' : undefined
  map.addLayer(
    {
      id: 'shape-fill',
      type: 'fill',
      source: SOURCE,
      filter: ['==', ['geometry-type'], 'Polygon'],
      paint: { 'fill-color': COLOUR, 'fill-opacity': 0.12 },
    },
    below,
  )
  map.addLayer(
    {
      id: 'shape-line',
      type: 'line',
      source: SOURCE,
      paint: { 'line-color': COLOUR, 'line-width': 3 },
    },
    below,
  )
  map.addLayer(
    {
      id: 'shape-corner',
      type: 'circle',
      source: SOURCE,
      filter: ['==', ['geometry-type'], 'Point'],
      paint: {
        'circle-color': COLOUR,
        'circle-radius': 7,
        'circle-stroke-color': '#ffffff',
        'circle-stroke-width': 2,
      },
    },
    below,
  )
}

export function showShape(map: Map, shape: Shape | null): void {
  const data: FeatureCollection = shape ? collection('Polygon', [ringOf(shape)]) : empty
  void map.getSource<GeoJSONSource>(SOURCE)?.setData(data)
}

/** The corners of a polygon that is not closed yet. */
export function showCorners(map: Map, corners: readonly Point[]): void {
  const { features } = collection('LineString', corners)
  const points = corners.flatMap((corner) => collection('Point', corner).features)
  void map.getSource<GeoJSONSource>(SOURCE)?.setData({
    type: 'FeatureCollection',
    features: corners.length > 1 ? [...features, ...points] : points,
  })
}

/** A rectangle or circle drawn by one finger or the mouse, from press to release. Gives the way to
 *  stop listening.
 */
export function dragShape(
  map: Map,
  kind: 'rectangle' | 'circle',
  draft: (shape: Shape | null) => void,
  done: (shape: Shape) => void,
): () => void {
  const canvas = map.getCanvasContainer()
  const listening = new AbortController()
  const { signal } = listening
  let start: PointerEvent | null = null
  map.dragPan.disable()

  const shapeTo = (from: PointerEvent, to: PointerEvent) => {
    const [a, b] = [pointAt(map, from), pointAt(map, to)]
    return kind === 'rectangle' ? rectangle(a, b) : circleTo(a, b)
  }
  canvas.addEventListener(
    'pointerdown',
    (event) => {
      start = event.isPrimary && event.button === 0 ? event : null // two fingers zoom
      if (start) canvas.setPointerCapture(event.pointerId)
      draft(null)
    },
    { signal },
  )
  canvas.addEventListener(
    'pointermove',
    (event) => {
      if (start && event.isPrimary) draft(shapeTo(start, event))
    },
    { signal },
  )
  canvas.addEventListener(
    'pointerup',
    (event) => {
      if (!start || !event.isPrimary) return
      const far = Math.hypot(event.clientX - start.clientX, event.clientY - start.clientY)
      const shape = shapeTo(start, event)
      start = null
      if (far < LEAST_PIXELS) draft(null)
      else done(shape)
    },
    { signal },
  )
  return () => {
    listening.abort()
    map.dragPan.enable()
  }
}

/** Handles by which a shape is changed. Gives the way to take them off. */
export function addHandles(
  map: Map,
  shape: Shape,
  draft: (shape: Shape) => void,
  done: (shape: Shape) => void,
): () => void {
  const markers = handlesOf(shape).map((at, n) => {
    const element = document.createElement('div')
    element.className = 'shape-handle'
    element.ariaHidden = 'true'
    const marker = new Marker({ element, draggable: true }).setLngLat([...at]).addTo(map)
    const now = () => {
      const { lng, lat } = marker.getLngLat()
      return moved(shape, n, [lng, lat])
    }
    marker.on('drag', () => draft(now()))
    marker.on('dragend', () => done(now()))
    return marker
  })
  return () => markers.forEach((marker) => marker.remove())
}

export function boundsOfShape(shape: Shape): LngLatBounds {
  return ringOf(shape).reduce((bounds, [x, y]) => bounds.extend([x, y]), new LngLatBounds())
}

function pointAt(map: Map, event: PointerEvent): Point {
  const { left, top } = map.getCanvas().getBoundingClientRect()
  const { lng, lat } = map.unproject([event.clientX - left, event.clientY - top])
  return [lng, lat]
}

function collection(type: 'Polygon' | 'LineString' | 'Point', coordinates: unknown) {
  return {
    type: 'FeatureCollection',
    features: [{ type: 'Feature', properties: {}, geometry: { type, coordinates } }],
  } as FeatureCollection
}
