"""``python -m thumbapp`` is the command ``thumbapp``; nothing is loaded when a child imports this."""

if __name__ == "__main__":
    from thumbapp.cli import main

    main()
