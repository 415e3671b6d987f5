declare module 'tz-lookup' {
  /** IANA zone at a point, from a raster: a few miles off along borders. Throws RangeError out of range. */
  export default function lookUpTimezone(lat: number, lng: number): string;
}
