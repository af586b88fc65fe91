package prism

import (
	"context"

	"github.com/b2bprism/b2bprism/prism/internal/wire"
)

// listChat answers POST /live/{liveId}/chat.
func (s *Service) listChat(x *exchange) (any, error) {
	body, err := x.body()
	if err != nil {
		return nil, err
	}
	req, err := wire.ParseChatQuery(body, MaxChatPage)
	if err != nil {
		return nil, invalid(err)
	}
	query := ChatQuery{Limit: req.MaxResults}
	if req.PageToken != "" {
		cursor, ok := s.pageTokens.Open(x.liveID, req.PageToken)
		if !ok {
			return nil, InvalidField("pageToken", "is not a token of this live")
		}
		query.After = &cursor
	}
	page, err := call(x.ctx, s, s.cfg.Chat, func(ctx context.Context) (ChatPage, error) {
		return s.cfg.Chat.Messages(ctx, x.user, x.liveID, query)
	})
	if err != nil {
		return nil, err
	}
	return x.chatData(page, req.PageToken)
}

func (x *exchange) chatData(page ChatPage, sentToken string) (wire.ChatData, error) {
	liveID, _ := wire.EncodeID(x.liveID) // it came in a path, so it travels
	if page.Next < 0 {
		return wire.ChatData{}, x.cannotSend(x.svc.cfg.Chat, "ChatPage.Next")
	}
	data := wire.ChatData{LiveID: liveID, NextPageToken: sentToken, Messages: make([]wire.Message, 0, len(page.Messages))}
	if sentToken == "" || len(page.Messages) > 0 {
		data.NextPageToken = x.svc.pageTokens.Make(x.liveID, page.Next)
	}
	for i := range page.Messages {
		if m, ok := x.wireMessage(&page.Messages[i]); ok {
			data.Messages = append(data.Messages, m)
		}
	}
	return data, nil
}

func (x *exchange) wireMessage(m *Message) (wire.Message, bool) {
	store := x.svc.cfg.Chat
	authorID, ok := wire.EncodeID(m.AuthorID)
	if !ok {
		x.badData(store, "Message.AuthorID")
		return wire.Message{}, false
	}
	message := wire.Message{
		MessageAt:              x.timeOrNull(store, "Message.At", m.At),
		Message:                m.Text,
		AuthorID:               authorID,
		AuthorName:             x.nameOr(store, "Message.AuthorName", m.AuthorName, m.AuthorID),
		AuthorProfileThumbnail: wire.Nullable(m.AuthorThumbnailURL),
		IsLiveOwner:            m.LiveOwner,
		IsLiveManager:          m.LiveManager,
	}
	if id, ok := wire.EncodeID(m.ID); ok {
		message.MessageID = wire.Nullable(id)
	} else {
		x.badData(store, "Message.ID")
	}
	return message, true
}

// sendChat answers PUT /live/{liveId}/chat.
func (s *Service) sendChat(x *exchange) (any, error) {
	body, err := x.body()
	if err != nil {
		return nil, err
	}
	text, err := wire.ParseSendChat(body)
	if err != nil {
		return nil, invalid(err)
	}
	return x.do(s.cfg.ChatSend, func(ctx context.Context) error {
		return s.cfg.ChatSend.SendMessage(ctx, x.user, x.liveID, text)
	})
}

// deleteChat answers DELETE /live/{liveId}/chat/{chatId}.
func (s *Service) deleteChat(x *exchange) (any, error) {
	return x.do(s.cfg.ChatDelete, func(ctx context.Context) error {
		return s.cfg.ChatDelete.DeleteMessage(ctx, x.user, x.liveID, x.chatID)
	})
}

// do runs a call whose answer has no data.
func (x *exchange) do(adapter any, fn func(context.Context) error) (any, error) {
	return call(x.ctx, x.svc, adapter, func(ctx context.Context) (any, error) { return nil, fn(ctx) })
}
