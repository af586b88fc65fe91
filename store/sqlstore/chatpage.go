package sqlstore

import (
	"slices"

	"github.com/b2bprism/b2bprism/prism"
)

// chatPage is a page of chat with the numbers of its messages, which are the
// ones after the cursor, in order.
//
// Where reads are torn, a page may have a message and not the one before it,
// and a reader who went on from there would miss that one. The page then has a
// hole, like one of which a message was deleted, and is read again: whatever
// stands before a message that was seen had been committed by then, so another
// snapshot has it. That snapshot may be torn further on, so it is taken up to
// the last message of the first page.
type chatPage struct {
	prism.ChatPage

	cursor  int64
	numbers []int64
}

func (p *chatPage) add(m prism.Message, number int64) {
	p.Messages = append(p.Messages, m)
	p.numbers = append(p.numbers, number)
	p.Next = max(p.Next, number)
}

// hasHole reports whether a number between the cursor and the last message is
// missing.
func (p *chatPage) hasHole() bool {
	return p.Next-p.cursor > int64(len(p.numbers))
}

// upTo is the page without the messages after the last one.
func (p chatPage) upTo(last int64) chatPage {
	kept, _ := slices.BinarySearch(p.numbers, last+1)
	p.Messages, p.numbers = p.Messages[:kept], p.numbers[:kept]
	p.Next = p.cursor
	if kept > 0 {
		p.Next = p.numbers[kept-1]
	}
	return p
}
