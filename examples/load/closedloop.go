package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// hammer sends requests over a fixed number of keep-alive connections, each as
// soon as the answer before it is there, and returns the number of answers and the time. It
// does as little as wrk does: the requests are written ready-made, and of an
// answer only the status and the length are read. An answer other than 200 is
// an error.
func hammer(ctx context.Context, addr string, requests [][]byte, connections int, d time.Duration) (n int64, took time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	var (
		answers atomic.Int64
		wait    sync.WaitGroup
		errs    = make([]error, connections)
		begin   = time.Now()
	)
	for c := range connections {
		wait.Go(func() {
			n, err := hammerOne(ctx, addr, requests, c*len(requests)/connections)
			answers.Add(n)
			errs[c] = err
		})
	}
	wait.Wait()
	return answers.Load(), time.Since(begin), errors.Join(errs...)
}

// hammerOne is one connection, which goes through the requests from the one
// given.
func hammerOne(ctx context.Context, addr string, requests [][]byte, from int) (n int64, err error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	in := bufio.NewReader(conn)
	for i := from; ctx.Err() == nil; i++ {
		if _, err := conn.Write(requests[i%len(requests)]); err != nil {
			return n, err
		}
		if err := readAnswer(in); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// readAnswer reads one answer with a Content-Length.
func readAnswer(in *bufio.Reader) error {
	status, err := in.ReadSlice('\n')
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(status, []byte("HTTP/1.1 200 ")) {
		return fmt.Errorf("answer %q", status)
	}
	length := -1
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return err
		}
		if line = bytes.TrimSpace(line); len(line) == 0 {
			break
		}
		if value, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			if length, err = strconv.Atoi(string(value)); err != nil {
				return err
			}
		}
	}
	if length < 0 {
		return errors.New("an answer has no Content-Length")
	}
	if _, err = in.Discard(length); errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return err
}
