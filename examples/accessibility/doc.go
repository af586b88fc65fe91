// Package accessibility holds every page that a person sees, those of package
// oauth and those of the quickstart, against the rules of axe-core in a real
// Chromium: on a phone and a desktop, light and dark, with and without
// JavaScript. It has tests only.
package accessibility
