/** The part of the npm package `zipcodes` that tests look things up in. */
declare module 'zipcodes' {
  interface Entry {
    readonly zip: string;
    readonly latitude: number;
    readonly longitude: number;
    readonly city: string;
    readonly state: string;
  }
  const zipcodes: { lookup: (postalCode: string) => Entry | undefined };
  export default zipcodes;
}
