/** The source of a collector that runs on a host without what it is for: nothing is missed there, and what appears will be noticed. */
export const noneHere = 'none here';
