"""What a network looks at when it scores a photo."""
