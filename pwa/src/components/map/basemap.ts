import { addProtocol, type AddLayerObject, type Map } from 'maplibre-gl'

/** One county's entry in basemaps/index.json of the data folder, which the city writes; each part may be left out. */
interface Basemap {
  /** Address of a PMTiles file, served with range requests. */
  pmtiles?: string
  /** Token of 天地图. */
  tianditu?: string
  /** 审图号, shown on the map. */
  approval?: string
}

const BELOW = 'grid-fill'
const SOURCE = 'basemap'

/** How layers of the usual vector schemas look, by words in their names. */
const looks: [RegExp, AddLayerObject['type'], Record<string, unknown>][] = [
  [/water|ocean/, 'fill', { 'fill-color': '#c4dcea' }],
  [/land|park|green|wood/, 'fill', { 'fill-color': '#e3eede' }],
  [/building/, 'fill', { 'fill-color': '#dcd9d3' }],
  [/road|transport|street/, 'line', { 'line-color': '#a9a49a', 'line-width': 1.2 }],
  [/boundar/, 'line', { 'line-color': '#8ba19e', 'line-dasharray': [3, 2] }],
]

let config: Promise<Record<string, Basemap>> | null = null

/** Lays the county's base map under our own data, if the city gave one. Resolves to its 审图号. */
export async function addBasemap(map: Map, county: string): Promise<string | null> {
  config ??= fetch('/basemaps/index.json').then(
    (answer) => answer.json() as Promise<Record<string, Basemap>>,
  )
  const base = (await config.catch((): Record<string, Basemap> => ({})))[county]
  if (!base) return null
  if (base.pmtiles) await addArchive(map, new URL(base.pmtiles, location.href).href)
  else if (base.tianditu) addTianditu(map, base.tianditu)
  map.setPaintProperty(BELOW, 'fill-opacity', 0)
  return base.approval ?? null
}

async function addArchive(map: Map, url: string): Promise<void> {
  const { PMTiles, Protocol, TileType } = await import('pmtiles')
  const protocol = new Protocol()
  const archive = new PMTiles(url)
  protocol.add(archive)
  addProtocol('pmtiles', protocol.tile)
  const { tileType } = await archive.getHeader()
  if (tileType !== TileType.Mvt) {
    map.addSource(SOURCE, { type: 'raster', url: `pmtiles://${url}`, tileSize: 256 })
    map.addLayer({ id: SOURCE, type: 'raster', source: SOURCE }, BELOW)
    return
  }
  map.addSource(SOURCE, { type: 'vector', url: `pmtiles://${url}` })
  const metadata = (await archive.getMetadata()) as { vector_layers?: { id: string }[] }
  for (const [name, type, paint] of looks) {
    for (const { id } of metadata.vector_layers ?? []) {
      if (!name.test(id)) continue
      const layer = { id: `base-${id}`, type, source: SOURCE, 'source-layer': id, paint }
      map.addLayer(layer as AddLayerObject, BELOW)
    }
  }
}

function addTianditu(map: Map, token: string): void {
  for (const kind of ['vec', 'cva']) {
    const tiles = [
      `https://t0.tianditu.gov.cn/DataServer?T=${kind}_w&x={x}&y={y}&l={z}&tk=${encodeURIComponent(token)}`,
    ]
    map.addSource(`${SOURCE}-${kind}`, { type: 'raster', tiles, tileSize: 256, maxzoom: 18 })
    map.addLayer({ id: `${SOURCE}-${kind}`, type: 'raster', source: `${SOURCE}-${kind}` }, BELOW)
  }
}
