package web

// careScreens are the routes of the screens that tell of the snapshots as a whole.
const careScreens = " diff space keep health "
