using System;
using System.IO;
using System.Linq;
using System.Text;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

/// <summary>
/// Copies an ELF64 little-endian library and, where this system's libstdc++ lacks a symbol version the library asks
/// for, marks that version need as weak (VER_FLG_WEAK), so that the loader accepts the library.
/// </summary>
public class WeakenVersionNeed : Task
{
    private const uint VersionNeedSection = 0x6ffffffe;
    private const byte WeakFlag = 2;

    [Required] public string Source { get; set; }
    [Required] public string Destination { get; set; }
    [Required] public string VersionName { get; set; }

    public override bool Execute()
    {
        var elf = File.ReadAllBytes(Source);
        if (!SystemHasVersion()) Weaken(elf);
        Directory.CreateDirectory(Path.GetDirectoryName(Destination));
        // Parallel project builds race here: each writes its own file, and the rename is atomic.
        var mine = Destination + "." + Guid.NewGuid().ToString("N");
        File.WriteAllBytes(mine, elf);
        if (File.Exists(Destination)) File.Delete(mine);
        else try { File.Move(mine, Destination); } catch (IOException) when (File.Exists(Destination)) { File.Delete(mine); }
        return !Log.HasLoggedErrors;
    }

    private bool SystemHasVersion()
    {
        var folders = new[] { "/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib/aarch64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/lib64", "/usr/lib" };
        var library = folders.Select(folder => Path.Combine(folder, "libstdc++.so.6")).FirstOrDefault(File.Exists);
        return library != null && Encoding.ASCII.GetString(File.ReadAllBytes(library)).Contains(VersionName + "\0");
    }

    private void Weaken(byte[] elf)
    {
        long sections = BitConverter.ToInt64(elf, 0x28);
        int sectionSize = BitConverter.ToUInt16(elf, 0x3A), sectionCount = BitConverter.ToUInt16(elf, 0x3C);
        for (var i = 0; i < sectionCount; i++)
        {
            var header = (int)(sections + (long)i * sectionSize);
            if (BitConverter.ToUInt32(elf, header + 4) != VersionNeedSection) continue;
            var stringSection = (int)(sections + (long)BitConverter.ToInt32(elf, header + 0x28) * sectionSize);
            WeakenSection(elf, (int)BitConverter.ToInt64(elf, header + 0x18), (int)BitConverter.ToInt64(elf, stringSection + 0x18));
        }
    }

    private void WeakenSection(byte[] elf, int need, int strings)
    {
        while (true)
        {
            var entry = need + (int)BitConverter.ToUInt32(elf, need + 8);
            while (true)
            {
                if (NameAt(elf, strings + (int)BitConverter.ToUInt32(elf, entry + 8)) == VersionName) elf[entry + 4] |= WeakFlag;
                var nextEntry = (int)BitConverter.ToUInt32(elf, entry + 12);
                if (nextEntry == 0) break;
                entry += nextEntry;
            }
            var nextNeed = (int)BitConverter.ToUInt32(elf, need + 12);
            if (nextNeed == 0) return;
            need += nextNeed;
        }
    }

    private static string NameAt(byte[] elf, int start)
    {
        var end = start;
        while (elf[end] != 0) end++;
        return Encoding.ASCII.GetString(elf, start, end - start);
    }
}
