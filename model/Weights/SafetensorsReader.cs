using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Weights;

/// <summary>
/// A safetensors file whose header has been checked against its size. Tensors are read one by one, straight into their
/// memory. Thread-safe; dispose to close the file.
/// </summary>
public sealed class SafetensorsReader : IDisposable
{
    private const int LengthBytes = 8;

    private readonly SafeFileHandle _file;
    private readonly long _dataStart;

    private SafetensorsReader(string path, SafeFileHandle file, SafetensorsHeader header, long dataStart)
    {
        Path = path;
        _file = file;
        Header = header;
        _dataStart = dataStart;
    }

    public string Path { get; }
    public SafetensorsHeader Header { get; }

    /// <summary>Opens a file and checks its header; allocates no more than the header's own length.</summary>
    /// <exception cref="InvalidDataException">Not a whole, valid safetensors file; names file and tensor.</exception>
    public static SafetensorsReader Open(string path)
    {
        var file = File.OpenHandle(path, options: FileOptions.RandomAccess);
        try
        {
            var headerBytes = HeaderLength(file);
            var json = new byte[headerBytes];
            Fill(file, json, LengthBytes);
            var dataStart = LengthBytes + headerBytes;
            var header = SafetensorsHeader.Parse(json, RandomAccess.GetLength(file) - dataStart);
            return new SafetensorsReader(path, file, header, dataStart);
        }
        catch (Exception e)
        {
            file.Dispose();
            if (e is InvalidDataException or EndOfStreamException) throw new InvalidDataException($"{path}: {e.Message}", e);
            throw;
        }
    }

    /// <summary>A new CPU tensor of the file's own element type. The caller owns it.</summary>
    /// <exception cref="InvalidDataException">There is no such tensor, or the file became shorter.</exception>
    public Tensor Read(string name)
    {
        var entry = Entry(name);
        var result = empty(entry.Shape, dtype: entry.Type, device: CPU);
        try
        {
            Fill(entry, result);
            return result;
        }
        catch
        {
            result.Dispose();
            throw;
        }
    }

    /// <summary>Reads into a contiguous tensor of the same shape, converting to its element type.</summary>
    /// <exception cref="InvalidDataException">There is no such tensor, its shape differs, or the file became shorter.</exception>
    public void ReadInto(string name, Tensor destination)
    {
        var entry = Entry(name);
        if (!entry.Shape.AsSpan().SequenceEqual(destination.shape))
            throw new InvalidDataException($"{Path}: tensor '{name}' is [{string.Join(", ", entry.Shape)}], not [{string.Join(", ", destination.shape)}]");
        if (entry.Type == destination.dtype && destination.device_type == TorchSharp.DeviceType.CPU)
        {
            Fill(entry, destination);
            return;
        }

        using var scope = NewDisposeScope();
        destination.copy_(Read(name));
    }

    public void Dispose() => _file.Dispose();

    private SafetensorsEntry Entry(string name) =>
        Header.Tensors.TryGetValue(name, out var entry) ? entry : throw new InvalidDataException($"{Path}: there is no tensor '{name}'");

    private void Fill(SafetensorsEntry entry, Tensor destination)
    {
        var at = _dataStart + entry.Start;
        try
        {
            TensorBytes.Visit(destination, bytes =>
            {
                Fill(_file, bytes, at);
                at += bytes.Length;
            });
        }
        catch (EndOfStreamException e)
        {
            throw new InvalidDataException($"{Path}: tensor '{entry.Name}': {e.Message}", e);
        }
    }

    private static int HeaderLength(SafeFileHandle file)
    {
        var fileBytes = RandomAccess.GetLength(file);
        Span<byte> length = stackalloc byte[LengthBytes];
        if (fileBytes < LengthBytes) throw new InvalidDataException($"{fileBytes} bytes are too few for a safetensors file");
        Fill(file, length, 0);
        var headerBytes = BinaryPrimitives.ReadUInt64LittleEndian(length);
        if (headerBytes > (ulong)(fileBytes - LengthBytes))
            throw new InvalidDataException($"the header is said to have {headerBytes} bytes, but the file has only {fileBytes}: it is truncated or not a safetensors file");
        if (headerBytes > SafetensorsHeader.MaxBytes)
            throw new InvalidDataException($"the header has {headerBytes} bytes, more than the {SafetensorsHeader.MaxBytes} that the format allows");
        return (int)headerBytes;
    }

    private static void Fill(SafeFileHandle file, Span<byte> bytes, long at)
    {
        while (bytes.Length > 0)
        {
            var read = RandomAccess.Read(file, bytes, at);
            if (read == 0) throw new EndOfStreamException("the file ended early: it became shorter while it was read");
            bytes = bytes[read..];
            at += read;
        }
    }
}
