import type { Map } from 'maplibre-gl'
import { empty } from './base'

/** Where a case lies, with what its lamp follows from. */
export interface CasePoint {
  id: string
  longitude: number
  latitude: number
  yellow_at: string | null
  due_at: string | null
}

const colours = { green: '#14663a', yellow: '#c98700', red: '#a91d17', none: '#3a4a50' }

/** Adds the source `cases` with clusters and points that take the colour of their lamp. */
export function drawPoints(map: Map): void {
  map.addSource('cases', {
    type: 'geojson',
    data: empty,
    cluster: true,
    clusterRadius: 44,
    clusterMaxZoom: 15,
    clusterProperties: { red: ['+', ['case', ['==', ['get', 'lamp'], 'red'], 1, 0]] },
  })
  map.addLayer({
    id: 'cluster',
    type: 'circle',
    source: 'cases',
    filter: ['has', 'point_count'],
    paint: {
      'circle-color': '#0b5c63',
      'circle-radius': ['step', ['get', 'point_count'], 18, 10, 22, 100, 28],
      'circle-stroke-width': 4,
      'circle-stroke-color': ['case', ['>', ['get', 'red'], 0], colours.red, '#ffffff'],
    },
  })
  map.addLayer({
    id: 'cluster-count',
    type: 'symbol',
    source: 'cases',
    filter: ['has', 'point_count'],
    layout: {
      'icon-image': ['concat', 'count-', ['get', 'point_count_abbreviated']],
      'icon-allow-overlap': true,
    },
  })
  map.addLayer({
    id: 'point',
    type: 'circle',
    source: 'cases',
    filter: ['!', ['has', 'point_count']],
    paint: {
      'circle-color': [
        'match',
        ['get', 'lamp'],
        'green',
        colours.green,
        'yellow',
        colours.yellow,
        'red',
        colours.red,
        colours.none,
      ],
      'circle-radius': ['case', ['get', 'selected'], 14, 9],
      'circle-stroke-width': ['case', ['get', 'selected'], 5, 3],
      'circle-stroke-color': ['case', ['get', 'selected'], '#0d1b20', '#ffffff'],
    },
  })
  map.setMissingStyleImageResolver((id) => {
    if (id.startsWith('count-') && !map.hasImage(id))
      map.addImage(id, numeral(id.slice(6)), { pixelRatio: 2 })
  })
  for (const layer of ['cluster', 'point']) {
    map.on('mouseenter', layer, () => (map.getCanvas().style.cursor = 'pointer'))
    map.on('mouseleave', layer, () => (map.getCanvas().style.cursor = ''))
  }
}

/** Text as a picture: the style names no glyphs, so that no font is ever fetched. */
function numeral(text: string): ImageData {
  const canvas = Object.assign(document.createElement('canvas'), { width: 96, height: 48 })
  const pen = canvas.getContext('2d')
  if (!pen) return new ImageData(1, 1)
  pen.font = '700 28px system-ui, sans-serif'
  pen.textAlign = 'center'
  pen.textBaseline = 'middle'
  pen.fillStyle = '#ffffff'
  pen.fillText(text, 48, 25)
  return pen.getImageData(0, 0, 96, 48)
}
