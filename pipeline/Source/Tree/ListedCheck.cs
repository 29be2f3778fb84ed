using System.Collections;
using System.Security.Cryptography;
using Ci.Pipeline.Builds;
using Ci.Pipeline.GitHub;
using Ci.Pipeline.Source.Archive;
using Ci.Pipeline.Source.Context;

namespace Ci.Pipeline.Source.Tree;

/// <summary>
/// Holds one pass through a commit's archive against what was listed: each file must be there once, be what it is in the list,
/// and, where its content is read, have the content that the list names.
/// </summary>
internal sealed class ListedCheck(ListedFiles listed)
{
    private readonly BitArray _seen = new(listed.Index.Files.Count);

    /// <summary>Looks at an entry; its place is that in the list, and its content is looked at while it is read.</summary>
    /// <exception cref="SourceUnavailableException">It is not what was listed.</exception>
    public ArchiveEntry Check(ArchiveEntry next)
    {
        var place = listed.PlaceOf(next.Entry, next.Path);
        if (_seen[place])
        {
            throw ListedFiles.Differs(next.Path);
        }

        _seen[place] = true;
        return next with { Place = place, Content = new NamedStream(next.Content, listed.Index.Files[place]) };
    }

    /// <summary>There are no more entries.</summary>
    /// <exception cref="SourceUnavailableException">Something that was listed did not come.</exception>
    public void End()
    {
        for (var place = 0; place < _seen.Count; place++)
        {
            if (!_seen[place])
            {
                throw ListedFiles.Differs(listed.Index.Files[place].Path);
            }
        }
    }

    /// <summary>A content that is found out at its end when it is not the one of its name.</summary>
    private sealed class NamedStream(Stream content, IndexedFile file) : ReadOnlyStream
    {
        private IncrementalHash? _hash;
        private bool _isOver;

        public override int Read(Span<byte> buffer) => throw new NotSupportedException("The archive is read asynchronously.");

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await content.ReadAsync(buffer, cancellationToken);
            if (!_isOver)
            {
                _hash ??= GitBlob.Begin(file.Length);
                _hash.AppendData(buffer.Span[..read]);
                _isOver = read == 0 && buffer.Length > 0;
                ThrowIfAnother();
            }

            return read;
        }

        protected override void Dispose(bool disposing)
        {
            _hash?.Dispose();
            base.Dispose(disposing);
        }

        private void ThrowIfAnother()
        {
            if (!_isOver)
            {
                return;
            }

            using (_hash)
            {
                if (!_hash!.GetHashAndReset().AsSpan().SequenceEqual(file.Hash))
                {
                    throw ListedFiles.Differs(file.Path);
                }
            }
        }
    }
}
