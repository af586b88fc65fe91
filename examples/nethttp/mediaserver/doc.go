// Package mediaserver runs nginx with its RTMP module as a child process: it
// takes the streamers' RTMP, asks the service by hooks who may publish, and
// writes HLS for the viewers. It needs Debian's packages nginx and
// libnginx-mod-rtmp, or the same from another system.
package mediaserver
